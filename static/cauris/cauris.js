/* Cauris: what a keyboard and an impatient finger need. No framework, nothing that money depends on:
   with this file blocked every screen still works.

   data-touche="F2"              on a field: focus it; on a button or a link: press it.
                                 F1…F12, Alt+1, Ctrl+Enter, Escape, "/", or a letter.
   data-touche-aide="patient"    what the help says of that key (else the label or the text).
   data-tout="f"                 a checkbox that ticks every enabled checkbox named f of its form.
   data-selection="f"            a bar that counts them: [data-selection-nombre], [data-selection-montant]
                                 (adds up data-montant of the boxes), [data-un] and [data-plusieurs] on a
                                 button ("Valider les {n} factures").
   data-liste="trouves"          a field whose results, links in #trouves, are walked with the arrows.
   data-parcours                 a table whose row links are walked with the arrows.
   data-repetable                a form that may be sent twice (a download).
   data-focus="id"               where typing goes on when the page opens; without it, or where that id is not
                                 there, the first field that a summary (data-erreurs) links to.
   data-js                       hidden until this file runs. */
"use strict";
(function () {
  const doc = document;
  const all = (selector, root) => Array.from((root || doc).querySelectorAll(selector));
  const visible = (element) => element.getClientRects().length > 0;
  const editable = (element) => element.isContentEditable || /^(TEXTAREA|SELECT)$/.test(element.tagName) ||
    (element.tagName === "INPUT" && !/^(checkbox|radio|button|submit|reset|file|range|color)$/.test(element.type));

  /* Keys --------------------------------------------------------------------------------- */
  /* A digit is read from its place on the keyboard: on a French one Alt+1 types "&". */
  function keyName(event) {
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
    let name = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    if (event.altKey && digit) name = digit[1];
    return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + name;
  }

  function declared(name, root) {
    return all("[data-touche]", root).find((e) => e.dataset.touche.toUpperCase() === name.toUpperCase() &&
      visible(e) && !e.disabled && e.getAttribute("aria-disabled") !== "true");
  }

  function press(element) {
    if (editable(element)) { element.focus(); if (element.select) element.select(); } else element.click();
  }

  function closeSomething() {
    const menu = doc.querySelector("details.menu[open]");
    if (!menu) return false;
    menu.open = false;
    menu.querySelector("summary").focus();
    return true;
  }

  doc.addEventListener("keydown", function (event) {
    if (event.defaultPrevented || event.isComposing) return;
    if (walk(event)) return;
    if (tick(event)) return;
    const name = keyName(event);
    const dialog = doc.querySelector("dialog[open]");
    const typing = editable(event.target);
    if (name === "Escape") {
      if (dialog || closeSomething()) return;                   // a dialog closes by itself
      if (typing && event.target.value && event.target.dataset.liste) return;   // first empty the search
    }
    if (typing && event.key.length === 1 && !event.ctrlKey && !event.altKey) return;
    if (name === "?" && !dialog) { event.preventDefault(); openHelp(); return; }
    const element = declared(name, dialog || doc);
    if (!element) return;
    event.preventDefault();
    press(element);
  });

  /* Arrows, in search results and in tables ------------------------------------------------- */
  function walk(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp" || event.altKey || event.ctrlKey) return false;
    const step = event.key === "ArrowDown" ? 1 : -1;
    const field = event.target.closest("[data-liste]");
    const zone = event.target.closest(".resultats, [data-parcours]");
    let links = [];
    if (field) links = all("a, button", doc.getElementById(field.dataset.liste));
    else if (zone && !editable(event.target)) links = all(zone.matches(".resultats") ? "a, button" : "tbody tr th a, tbody tr td:first-child a", zone);
    if (!links.length) return false;
    const row = zone && zone.matches("[data-parcours]") && event.target.closest("tr");   // there a row is one entry
    const here = links.findIndex((link) => link === event.target || (row && row.contains(link)));
    const next = links[here + step];
    if (next) next.focus();
    else if (here === 0 && step < 0 && zone && zone.id) {
      const search = doc.querySelector('[data-liste="' + zone.id + '"]');
      if (search) search.focus();
    }
    event.preventDefault();
    return true;
  }

  /* Space, on a row's link, ticks the row. */
  function tick(event) {
    const row = event.key === " " && event.target.matches("[data-parcours] a") && event.target.closest("tr");
    const box = row && row.querySelector('input[type="checkbox"]:not(:disabled)');
    if (!box) return false;
    event.preventDefault();
    box.click();
    return true;
  }

  /* Where typing goes on ------------------------------------------------------------------------ */
  function aim() {
    const named = doc.querySelector("[data-focus]"), summary = doc.querySelector("[data-erreurs]");
    const link = summary && summary.querySelector('a[href^="#"]');
    const target = (named && doc.getElementById(named.dataset.focus)) || (link && doc.getElementById(link.hash.slice(1))) || summary;
    const here = doc.activeElement;
    if (!target || (here && here !== doc.body && here !== target && !here.autofocus)) return;   // somebody was quicker
    target.focus();
    if (target.select) target.select();
  }

  /* Help -------------------------------------------------------------------------------------- */
  const help = doc.getElementById("aide-touches");
  const spoken = { ENTER: help && help.dataset.entree, ESCAPE: help && help.dataset.echap, ARROWUP: "↑", ARROWDOWN: "↓" };

  function openHelp() {
    if (!help || !help.showModal) return;
    const list = help.querySelector("dl");
    all("[data-declaree]", list).forEach((e) => e.remove());
    const first = list.firstElementChild;
    all("[data-touche]").filter((e) => visible(e) && !help.contains(e)).forEach(function (element) {
      const label = element.labels && element.labels[0];
      const text = element.dataset.toucheAide || element.getAttribute("aria-label") || (label || element).textContent;
      const key = doc.createElement("dt"), words = doc.createElement("dd"), cap = doc.createElement("kbd");
      cap.textContent = element.dataset.touche.split("+").map((p) => spoken[p.toUpperCase()] || p).join("+");
      words.textContent = text.replace(cap.textContent, "").trim().replace(/\s+/g, " ");
      key.append(cap);
      key.dataset.declaree = words.dataset.declaree = "";
      list.insertBefore(key, first);
      list.insertBefore(words, first);
    });
    help.showModal();
  }
  doc.addEventListener("click", function (event) {
    if (event.target.closest("[data-aide-touches]")) { event.preventDefault(); openHelp(); }
    all("details.menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  });

  /* Ticking rows ---------------------------------------------------------------------------------- */
  const boxes = (form, name) => all('input[type="checkbox"]', form).filter((b) => b.name === name && !b.disabled);
  const several = (n) => n > 1 || (n === 0 && doc.documentElement.lang === "en");   // French counts 0 with 1
  const grouped = (number) => String(number).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f").replace("-", "\u2212");

  function count(form) {
    all("[data-tout]", form).forEach(function (master) {
      const mine = boxes(form, master.dataset.tout), ticked = mine.filter((b) => b.checked);
      master.checked = mine.length > 0 && ticked.length === mine.length;
      master.indeterminate = ticked.length > 0 && ticked.length < mine.length;
    });
    all("[data-selection]", form).forEach(function (bar) {
      const ticked = boxes(form, bar.dataset.selection).filter((b) => b.checked), n = ticked.length;
      boxes(form, bar.dataset.selection).forEach((b) => { const tr = b.closest("tr"); if (tr) tr.classList.toggle("choisie", b.checked); });
      const sum = ticked.reduce((s, b) => s + Math.round(Number(b.dataset.montant || 0) * 100), 0);
      all("[data-selection-nombre]", bar).forEach((e) => { e.textContent = grouped(n) + " " + (several(n) ? e.dataset.plusieurs : e.dataset.un); });
      all("[data-selection-montant]", bar).forEach((e) => { e.textContent = grouped(Math.trunc(sum / 100)) + (sum % 100 ? "," + String(Math.abs(sum % 100)).padStart(2, "0") : ""); });
      all("[data-js]", bar).forEach((e) => { e.hidden = false; });
      all("button[data-un]", bar).forEach(function (button) {
        const words = button.querySelector("[data-texte]") || button;
        words.textContent = n === 0 ? button.dataset.aucune : n === 1 ? button.dataset.un : button.dataset.plusieurs.replace("{n}", grouped(n));
        button.disabled = n === 0;
      });
    });
  }
  doc.addEventListener("change", function (event) {
    const form = event.target.form;
    if (!form || event.target.type !== "checkbox") return;
    if (event.target.dataset.tout) boxes(form, event.target.dataset.tout).forEach((b) => { b.checked = event.target.checked; });
    count(form);
  });
  doc.addEventListener("click", function (event) {
    const none = event.target.closest("[data-aucun]");
    if (!none || !none.closest("form")) return;
    event.preventDefault();
    boxes(none.closest("form"), none.dataset.aucun).forEach((b) => { b.checked = false; });
    count(none.closest("form"));
  });

  /* One sending a form. The button is not disabled: its name and value must travel. ------------------ */
  const release = (form) => { delete form.dataset.envoye; all("[aria-busy]", form).forEach((b) => b.removeAttribute("aria-busy")); };
  doc.addEventListener("submit", function (event) {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || "repetable" in form.dataset) return;
    if (form.dataset.envoye) { event.preventDefault(); return; }
    form.dataset.envoye = "1";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
    window.setTimeout(release, 20000, form);     // a lost connection leaves the page where it was
  });
  /* Back shows the page as it was left, often from memory: free it, and count the ticks it kept. */
  window.addEventListener("pageshow", function () {
    all("form").forEach((form) => { release(form); count(form); });
  });

  /* htmx: a whole page where a fragment was asked is the sign-in page (the session ended): go there.
     An error of the server, or no answer at all, is said; a silent screen would be sent twice. ---------- */
  function sayFailure() {
    const place = doc.getElementById("annonces");
    if (!place) return;
    const band = doc.createElement("div");
    band.className = "avis refus";
    band.setAttribute("role", "alert");
    band.textContent = place.dataset.echec;
    place.replaceChildren(band);
  }
  doc.addEventListener("htmx:beforeSwap", function (event) {
    const xhr = event.detail.xhr;
    if (event.detail.boosted || !/^\s*<!doctype html/i.test(xhr.responseText || "")) return;
    event.detail.shouldSwap = false;
    if (xhr.status < 400) window.location.assign(xhr.responseURL); else sayFailure();
  });
  ["htmx:sendError", "htmx:timeout", "htmx:responseError"].forEach((name) => doc.addEventListener(name, sayFailure));
  /* An answer knows what stood in the form when it was asked: what was typed or chosen since, in whatever
     field, stays, and so do the focus and the caret of whoever types on. What the answer could not know is
     asked again once it is in place. */
  const asked = new WeakMap();
  const fields = (zone) => all("input[id]:not([type=hidden]), select[id], textarea[id]", zone);
  const chosen = (field) => /^(checkbox|radio)$/.test(field.type) ? "checked" : "value";
  const namely = (e) => e.id ? "#" + CSS.escape(e.id) : e.name ? e.tagName + '[name="' + CSS.escape(e.name) + '"][value="' + CSS.escape(e.value) + '"]' : "";
  let newer = [], hand = null;
  doc.addEventListener("htmx:beforeSend", function (event) {
    asked.set(event.detail.xhr, new Map(fields(event.detail.target).map((f) => [f.id, f[chosen(f)]])));
  });
  doc.addEventListener("htmx:beforeSwap", function (event) {
    const then = asked.get(event.detail.xhr) || new Map();
    newer = fields(event.detail.target).filter((f) => then.has(f.id) && then.get(f.id) !== f[chosen(f)])
      .map((f) => ({ id: f.id, value: f[chosen(f)] }));
    const here = doc.activeElement;
    hand = here && event.detail.target.contains(here) && namely(here) ? { at: namely(here), caret: [here.selectionStart, here.selectionEnd, here.selectionDirection] } : null;
  });
  doc.addEventListener("htmx:afterSwap", function () {
    newer.forEach(function (kept) {
      const field = doc.getElementById(kept.id);
      if (field && field[chosen(field)] !== kept.value) field[chosen(field)] = kept.value;
    });
    newer = [];
    const there = hand && doc.querySelector(hand.at);
    if (there) there.focus();
    if (there && typeof there.selectionStart === "number" && typeof hand.caret[0] === "number") there.setSelectionRange(...hand.caret);
    hand = null;
    all("form").forEach(count);
  });
  doc.addEventListener("htmx:afterSettle", function (event) {
    const then = asked.get(event.detail.xhr);
    if (!then) return;
    fields(doc).filter((f) => f.matches("[hx-trigger]") && then.has(f.id) && f.value !== f.defaultValue && f.value !== then.get(f.id))
      .forEach((f) => f.dispatchEvent(new Event("change", { bubbles: true })));
  });

  all("[data-js]").forEach((element) => { element.hidden = false; });
  if (!window.location.hash) window.requestAnimationFrame(aim);   // once the browser has obeyed `autofocus`
})();

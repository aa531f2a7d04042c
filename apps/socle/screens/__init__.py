"""What the staff screens share: states, dates, icons, charts, lists, the bar. No business rule lives here."""

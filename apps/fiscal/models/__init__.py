from apps.fiscal.models.anchor import FiscalAnchor
from apps.fiscal.models.closing import FiscalClosing
from apps.fiscal.models.commitment import FiscalCommitment
from apps.fiscal.models.entry import FiscalEntry
from apps.fiscal.models.integrity_answer import FiscalIntegrityAnswer
from apps.fiscal.models.integrity_check import FiscalIntegrityCheck
from apps.fiscal.models.key import FiscalKey
from apps.fiscal.models.sequence import FiscalSequence
from apps.fiscal.models.tree_block import FiscalTreeBlock

__all__ = [
    "FiscalAnchor",
    "FiscalClosing",
    "FiscalCommitment",
    "FiscalEntry",
    "FiscalIntegrityAnswer",
    "FiscalIntegrityCheck",
    "FiscalKey",
    "FiscalSequence",
    "FiscalTreeBlock",
]

from apps.socle.models.audit import AuditLog, AuditTrail
from apps.socle.models.counter import Counter
from apps.socle.models.fait import Fait
from apps.socle.models.idempotency import IdempotencyKey
from apps.socle.models.protection import InstalledProtection
from apps.socle.models.registry import TenantRegistry

__all__ = ["AuditLog", "AuditTrail", "Counter", "Fait", "IdempotencyKey", "InstalledProtection", "TenantRegistry"]

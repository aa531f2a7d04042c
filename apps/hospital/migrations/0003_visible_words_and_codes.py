"""Names without invisible characters, codes that a keyboard has.

Not asked of the rows that are there: a hospital that typed such a code keeps its history, and adds none.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("hospital", "0002_one_check_of_decimals"),
        ("organisations", "0006_closing_hour"),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="hospitalacttarif",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[A-Z0-9]([A-Z0-9 ._/+-]{0,48}[A-Z0-9.+])?$")),
                name="hospital_hospitalacttarif_code",
                violation_error_code="code-invalid",
                violation_error_message="Un code s’écrit avec des lettres sans accent, des chiffres, et . / + - _ entre eux.",
            ),
        ),
        AddConstraintNotValid(
            model_name="hospitalacttarif",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "nom__regex",
                        "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u180e\\u2060-\\u2069\\ufeff\\ufff9-\\ufffb\\U000E0000-\\U000E007F]",
                    ),
                    _negated=True,
                ),
                name="hospital_hospitalacttarif_visible",
                violation_error_code="invisible-character",
                violation_error_message="Ce texte contient un caractère invisible : effacez-le et tapez-le de nouveau.",
            ),
        ),
        AddConstraintNotValid(
            model_name="hospitalexamtarif",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[A-Z0-9]([A-Z0-9 ._/+-]{0,48}[A-Z0-9.+])?$")),
                name="hospital_hospitalexamtarif_code",
                violation_error_code="code-invalid",
                violation_error_message="Un code s’écrit avec des lettres sans accent, des chiffres, et . / + - _ entre eux.",
            ),
        ),
        AddConstraintNotValid(
            model_name="hospitalexamtarif",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "nom__regex",
                        "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u180e\\u2060-\\u2069\\ufeff\\ufff9-\\ufffb\\U000E0000-\\U000E007F]",
                    ),
                    _negated=True,
                ),
                name="hospital_hospitalexamtarif_visible",
                violation_error_code="invisible-character",
                violation_error_message="Ce texte contient un caractère invisible : effacez-le et tapez-le de nouveau.",
            ),
        ),
        AddConstraintNotValid(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        (
                            "nom__regex",
                            "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u180e\\u2060-\\u2069\\ufeff\\ufff9-\\ufffb\\U000E0000-\\U000E007F]",
                        ),
                        _negated=True,
                    ),
                    models.Q(
                        (
                            "prenom__regex",
                            "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u180e\\u2060-\\u2069\\ufeff\\ufff9-\\ufffb\\U000E0000-\\U000E007F]",
                        ),
                        _negated=True,
                    ),
                    models.Q(
                        (
                            "telephone__regex",
                            "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u180e\\u2060-\\u2069\\ufeff\\ufff9-\\ufffb\\U000E0000-\\U000E007F]",
                        ),
                        _negated=True,
                    ),
                    models.Q(
                        (
                            "numero__regex",
                            "[\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u180e\\u2060-\\u2069\\ufeff\\ufff9-\\ufffb\\U000E0000-\\U000E007F]",
                        ),
                        _negated=True,
                    ),
                ),
                name="hospital_patient_visible",
                violation_error_code="invisible-character",
                violation_error_message="Ce texte contient un caractère invisible : effacez-le et tapez-le de nouveau.",
            ),
        ),
    ]

"""The database itself refuses to change or delete entries of the audit."""

from django.db import migrations

_SQLITE = [
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_auditentry BEGIN SELECT RAISE(ABORT, 'entries of the audit cannot be changed'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_auditentry BEGIN SELECT RAISE(ABORT, 'entries of the audit cannot be deleted'); END",
]
_POSTGRESQL = [
    "CREATE FUNCTION audit_append_only() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'entries of the audit cannot be changed or deleted'; END $$ LANGUAGE plpgsql",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit_auditentry FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
]


def forwards(_apps, editor):
    for line in _SQLITE if editor.connection.vendor == "sqlite" else _POSTGRESQL:
        editor.execute(line)


def backwards(_apps, editor):
    if editor.connection.vendor == "sqlite":
        editor.execute("DROP TRIGGER audit_no_update")
        editor.execute("DROP TRIGGER audit_no_delete")
    else:
        editor.execute("DROP TRIGGER audit_no_change ON audit_auditentry")
        editor.execute("DROP FUNCTION audit_append_only()")


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards, elidable=False)]

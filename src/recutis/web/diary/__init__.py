"""The patient's diary, triage and the inbox."""

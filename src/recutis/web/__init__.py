"""The clinic's workstation: records, planning, delivery, diary. It calls the same public functions as the command line."""

"""Tags of the patient pages."""

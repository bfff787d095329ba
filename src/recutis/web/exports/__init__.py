"""What leaves the clinic: reports, calendars, FHIR bundles, tables without names."""

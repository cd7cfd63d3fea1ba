"""The auditor: reads the whole log again with code of its own and says whether what was promised holds."""

"""The housing sector: what council housing and housing associations send."""

"""PDF of papers by Typst, without programs or fonts of the system."""

"""Tables, plots and contact sheets: what a task does to many pictures, or to one under many settings."""

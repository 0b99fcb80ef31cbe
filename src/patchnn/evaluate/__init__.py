"""Tables, plots and contact sheets: a task on many images, or on one image under many settings."""

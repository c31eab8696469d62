"""What a viewer hands out: files, a folder for each project, and a page that tells of it."""

"""Where pictures come from: files and folders, a folder that is watched, a camera."""

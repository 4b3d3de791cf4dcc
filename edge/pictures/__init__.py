"""From a picture file, which is hostile input, to a decoded Pillow picture.

Each format's module reduces a file to what its pixels need before Pillow sees it: a JPEG's EXIF, a
PNG's compressed texts or a TIFF's further directories never reach a parser, and the one thing that
the input contract takes from them, the orientation, is read here as `web/static/js/exif.js` does.
"""

/**
 * The orientation that a JPEG, PNG or WebP file states, read by our own code so that it is the
 * same in every browser. As Pillow does, EXIF is looked at first and XMP only without it.
 */

const ORIENTATION_TAG = 0x0112;
const SHORT = 3;

/**
 * @param {Uint8Array} bytes a whole encoded picture
 * @returns {number} 1 to 8; 1 when the file says nothing that can be read
 */
export function orientationOf(bytes) {
  const { exif, xmp } = metadataOf(bytes);
  const stated = (exif && orientationInTiff(exif)) ?? (xmp && orientationInXmp(xmp)) ?? 1;
  return stated >= 1 && stated <= 8 ? stated : 1;
}

/**
 * The file without its EXIF block, in parts for a Blob: browsers turn pictures by themselves,
 * whatever they are asked, and differ in the formats for which they do.
 * @param {Uint8Array<ArrayBuffer>} bytes a whole encoded picture
 * @returns {Uint8Array<ArrayBuffer>[]}
 */
export function withoutExif(bytes) {
  const { span, cut } = metadataOf(bytes);
  if (!span) return [bytes];
  const [start, end] = span;
  if (cut) return [bytes.subarray(0, start), bytes.subarray(end)];
  const copy = bytes.slice();
  copy.set([0x58, 0x58, 0x58, 0x58], start); // "XXXX": a chunk that nobody knows is skipped
  return [copy];
}

/**
 * @typedef {object} Metadata
 * @property {Uint8Array} [exif] a TIFF structure
 * @property {Uint8Array} [xmp]
 * @property {[number, number]} [span] where the block that holds `exif` begins and ends
 * @property {boolean} [cut] whether the format allows to leave that block out
 */

/** @returns {Metadata} */
function metadataOf(/** @type {Uint8Array} */ bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return metadataOfJpeg(bytes);
  if (textAt(bytes, 0, "\x89PNG\r\n\x1a\n")) return metadataOfPng(bytes);
  if (textAt(bytes, 0, "RIFF") && textAt(bytes, 8, "WEBP")) return metadataOfWebp(bytes);
  return {};
}

/** Segments up to the start of the scan: a marker, then a big-endian length that counts itself. */
function metadataOfJpeg(/** @type {Uint8Array} */ bytes) {
  const view = viewOf(bytes);
  const exifHeader = "Exif\0\0";
  const xmpHeader = "http://ns.adobe.com/xap/1.0/\0";
  /** @type {Metadata} */
  const found = {};
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1; // fill byte before a marker
      continue;
    }
    if (marker === 0xda || marker === 0xd9) break;
    const end = at + 2 + view.getUint16(at + 2);
    const body = at + 4;
    if (marker === 0xe1 && !found.exif && textAt(bytes, body, exifHeader)) {
      Object.assign(found, {
        exif: bytes.subarray(body + exifHeader.length, end),
        span: [at, end],
        cut: true,
      });
    } else if (marker === 0xe1 && !found.xmp && textAt(bytes, body, xmpHeader)) {
      found.xmp = bytes.subarray(body + xmpHeader.length, end);
    }
    at = end;
  }
  return found;
}

/** Chunks: a big-endian length of the data, a type, the data, a checksum. */
function metadataOfPng(/** @type {Uint8Array} */ bytes) {
  const view = viewOf(bytes);
  /** @type {Metadata} */
  const found = {};
  for (let at = 8; at + 12 <= bytes.length; ) {
    const body = at + 8;
    const end = body + view.getUint32(at);
    if (textAt(bytes, at + 4, "eXIf")) {
      const exif = withoutExifHeader(bytes.subarray(body, end));
      Object.assign(found, { exif, span: [at, end + 4], cut: true });
    }
    if (textAt(bytes, at + 4, "iTXt") && textAt(bytes, body, "XML:com.adobe.xmp\0")) {
      found.xmp = bytes.subarray(body, end);
    }
    at = end + 4;
  }
  return found;
}

/** Chunks: a type, a little-endian length of the data, the data, padded to an even length. */
function metadataOfWebp(/** @type {Uint8Array} */ bytes) {
  const view = viewOf(bytes);
  /** @type {Metadata} */
  const found = {};
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (textAt(bytes, at, "EXIF")) {
      // not cut: the size in the file's header counts this chunk
      Object.assign(found, {
        exif: withoutExifHeader(data),
        span: [at, at + 8 + length],
        cut: false,
      });
    }
    if (textAt(bytes, at, "XMP ")) found.xmp = data;
    at += 8 + length + (length % 2);
  }
  return found;
}

/** Some writers keep JPEG's "Exif\0\0" in front of the TIFF structure in other formats too. */
function withoutExifHeader(/** @type {Uint8Array} */ data) {
  return textAt(data, 0, "Exif\0\0") ? data.subarray(6) : data;
}

/**
 * The orientation in the first directory of a TIFF structure.
 * @param {Uint8Array} tiff
 * @returns {number | undefined} undefined when there is none
 */
function orientationInTiff(tiff) {
  const little = textAt(tiff, 0, "II");
  if (tiff.length < 8 || (!little && !textAt(tiff, 0, "MM"))) return undefined;
  const view = viewOf(tiff);
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return undefined;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= tiff.length; i++, at += 12) {
    if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
    const isShort = view.getUint16(at + 2, little) === SHORT;
    return isShort ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little);
  }
  return undefined;
}

/** @returns {number | undefined} */
function orientationInXmp(/** @type {Uint8Array} */ xmp) {
  const text = new TextDecoder("latin1").decode(xmp);
  const digit = text.match(/tiff:Orientation(?:="|>)([0-9])/)?.[1];
  return digit === undefined ? undefined : Number(digit);
}

function textAt(
  /** @type {Uint8Array} */ bytes,
  /** @type {number} */ at,
  /** @type {string} */ text,
) {
  for (let i = 0; i < text.length; i++) {
    if (bytes[at + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

function viewOf(/** @type {Uint8Array} */ bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** SHA-256 for pages that are not in a secure context, where crypto.subtle does not exist. */
export { sha256 } from "@noble/hashes/sha2";

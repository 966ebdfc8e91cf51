// Limits of what a request may carry that JSON Schema, which counts characters, cannot state.

/** Longest key, in bytes of UTF-8. */
export const KEY_BYTES_MAX = 1024;
/** Largest value, in bytes. As JSON in a log entry it must still fit the broker's max_payload. */
export const VALUE_BYTES_MAX = 512 * 1024;

// What the interface of another store asks for and this one does not do.

/** Nothing was done. `feature` is what was asked for, as the caller wrote it. */
export class NotSupportedError extends Error {
  override name = 'NotSupportedError';
  readonly code = 'NOT_SUPPORTED';

  constructor(
    readonly feature: string,
    why: string,
  ) {
    super(`${feature} is not supported: ${why}`);
  }
}

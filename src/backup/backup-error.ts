// What is wrong with a backup, or with restoring it.

/** The file, or where it is to be restored to, is not as it must be. Nothing was written. The message says what to do. */
export class BackupError extends Error {
  override name = 'BackupError';
}

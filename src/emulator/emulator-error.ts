// Failures of the emulator that a person should expect: one line that says what happened and what to do next.

export const EmulatorFault = {
  /** The request itself is wrong: a bad option, an unknown node, a second start. */
  Usage: 'usage',
  /** No emulator runs there. */
  NotRunning: 'not-running',
  /** A process would not start, died or does not answer. */
  Failed: 'failed',
} as const;
export type EmulatorFault = (typeof EmulatorFault)[keyof typeof EmulatorFault];

export class EmulatorError extends Error {
  override name = 'EmulatorError';
  constructor(
    readonly fault: EmulatorFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function usage(message: string): EmulatorError {
  return new EmulatorError(EmulatorFault.Usage, message);
}

export function failed(message: string, cause?: unknown): EmulatorError {
  return new EmulatorError(EmulatorFault.Failed, message, { cause });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Timers that do not keep the process alive.

/** Runs `task` after `delayMs`; 0 means as soon as what has come in is read. @returns what cancels it. */
export function unwaited(delayMs: number, task: () => void): () => void {
  if (delayMs === 0) {
    const immediate = setImmediate(task);
    immediate.unref();
    return () => clearImmediate(immediate);
  }
  const timer = setTimeout(task, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}

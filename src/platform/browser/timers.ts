// Timers where nothing keeps a process alive: a page lives until it is closed.

/** Runs `task` after `delayMs`; 0 means as soon as what has come in is read. @returns what cancels it. */
export function unwaited(delayMs: number, task: () => void): () => void {
  const timer = setTimeout(task, delayMs);
  return () => clearTimeout(timer);
}

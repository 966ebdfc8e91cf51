// The lessons, in their order.
import type { Lesson } from '../lesson.js';
import { hints } from './hints.js';
import { partition } from './partition.js';
import { quorums } from './quorums.js';
import { readRepair } from './read-repair.js';
import { ring } from './ring.js';
import { sessions } from './sessions.js';
import { staleRead } from './stale-read.js';

export const lessons: readonly Lesson[] = [ring, quorums, hints, staleRead, readRepair, partition, sessions];

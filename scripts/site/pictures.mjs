// The pictures of docs/CONCEPTS.md: what they show, as data. draw.mjs draws them.
import { ring, sequence } from './draw.mjs';

const client = { id: 'c', name: 'client' };
const coordinator = { id: 'k', name: 'coordinator' };
const owners = ['n2', 'n3', 'n0'].map(id => ({ id, name: id, isOwner: true }));

export const pictures = {
  'ring.svg': ring({
    title: 'The ring, and the owners of key 137',
    description:
      'A circle of tokens 0 to 255. n0 begins at 0, n1 at 64, n2 at 128 and n3 at 192. Key 137 lies in the range of n2, so n2, and the next two nodes n3 and n0, own it. n1 owns nothing of it, and is the first to keep hints for it.',
    nodes: [
      { name: 'n0', from: 0, to: 64, note: 'third owner' },
      { name: 'n1', from: 64, to: 128, note: 'keeps hints' },
      { name: 'n2', from: 128, to: 192, note: 'first owner' },
      { name: 'n3', from: 192, to: 256, note: 'second owner' },
    ],
    owners: ['n2', 'n3', 'n0'],
    key: 137,
  }),
  'write.svg': sequence({
    title: 'A write at QUORUM',
    description:
      'The client sends put 137 to a coordinator. The coordinator publishes the record to the logs of all three owners at once. n2 and n3 acknowledge after their fsync; two of three is a quorum, so the client gets its answer. The acknowledgement of n0 comes later.',
    actors: [client, coordinator, ...owners],
    steps: [
      { from: 'c', to: 'k', text: 'put 137 = B, QUORUM' },
      { from: 'k', to: 'n2', text: 'record B, version 20' },
      { from: 'k', to: 'n3', text: 'record B' },
      { from: 'k', to: 'n0', text: 'record B' },
      { from: 'n2', to: 'k', text: 'stored, fsynced', kind: 'ack' },
      { from: 'n3', to: 'k', text: 'stored, fsynced', kind: 'ack' },
      { from: 'k', to: 'c', text: 'done: 2 of 3', kind: 'ack' },
      { from: 'n0', to: 'k', text: 'stored too, later', kind: 'ack' },
    ],
  }),
  'read-repair.svg': sequence({
    title: 'A read at QUORUM finds an owner that is behind, and repairs it',
    description:
      'n0 missed version 20 and still has version 10. A read at QUORUM asks n0 for its record and n2 for its version only. n2 has the newer one, so the coordinator fetches it, appends it to the log of n0, waits until that is stored, and only then answers.',
    actors: [client, coordinator, owners[0], owners[2]],
    marks: { n2: 'has B, version 20', n0: 'has A, version 10' },
    steps: [
      { from: 'c', to: 'k', text: 'get 137, QUORUM' },
      { from: 'k', to: 'n0', text: 'your record?' },
      { from: 'k', to: 'n2', text: 'your version?' },
      { from: 'n0', to: 'k', text: 'A, version 10', kind: 'late' },
      { from: 'n2', to: 'k', text: 'version 20', kind: 'ack' },
      { from: 'k', to: 'n2', text: 'the record, please' },
      { from: 'n2', to: 'k', text: 'B, version 20', kind: 'ack' },
      { from: 'k', to: 'n0', text: 'repair: B, version 20', kind: 'hint' },
      { from: 'n0', to: 'k', text: 'stored', kind: 'ack' },
      { from: 'k', to: 'c', text: 'B, version 20', kind: 'ack' },
    ],
  }),
  'hint.svg': sequence({
    title: 'A hint is kept, and delivered',
    description:
      'n2 is dead when B is written. n3 and n0 acknowledge, which is a quorum, so the client has its answer. What n2 missed goes as a hint into a stream of n1. When n2 is back and announces itself, n1 appends the hint to the log of n2, and removes it when that is acknowledged.',
    actors: [coordinator, { id: 'n1', name: 'n1, holder' }, ...owners],
    dead: { n2: [0, 4] },
    steps: [
      { from: 'k', to: 'n3', text: 'record B' },
      { from: 'k', to: 'n0', text: 'record B' },
      { from: 'k', to: 'n1', text: 'hint: B for n2', kind: 'hint' },
      { at: 'k', text: 'two acks: the write is done' },
      { at: 'n2', text: 'n2 is started' },
      { from: 'n2', to: 'n1', text: 'heartbeat: serving' },
      { from: 'n1', to: 'n2', text: 'the hint: B', kind: 'hint' },
      { from: 'n2', to: 'n1', text: 'stored: the hint goes', kind: 'ack' },
    ],
  }),
  'recovery.svg': sequence({
    title: 'A node comes back, with its disk and without',
    description:
      'A replica that starts asks its peers how far they remember its log, then reads its own log from the beginning, and serves. If the log is shorter than they remember it is recovering: it takes writes, answers no reads, and gets what it lacks from the other owners by anti-entropy; then it serves.',
    actors: [
      { id: 'r', name: 'replica n2' },
      { id: 'l', name: 'its log' },
      { id: 'p', name: 'n3 and n0' },
    ],
    steps: [
      { from: 'r', to: 'p', text: 'how far was my log?' },
      { from: 'p', to: 'r', text: 'up to entry 900', kind: 'ack' },
      { from: 'r', to: 'l', text: 'read all entries, in order' },
      { from: 'l', to: 'r', text: 'entries 1 to 900', kind: 'ack' },
      { at: 'r', text: 'all there: it serves' },
      { divider: 'or, after its disk was wiped' },
      { from: 'l', to: 'r', text: 'nothing', kind: 'late' },
      { at: 'r', text: 'recovering: writes yes, reads no' },
      { from: 'r', to: 'p', text: 'compare (Merkle trees)' },
      { from: 'p', to: 'l', text: 'every record it lacks', kind: 'hint' },
      { at: 'r', text: 'whole again: it serves' },
    ],
  }),
  'session.svg': sequence({
    title: 'A session reads its own writes at level ONE',
    description:
      'A client writes B at ONE; only n2 has it so far. The reply carries a token that says: version 20 of key 137. The next read at ONE brings the token. n0 has version 10, which is older than the token, so its answer is not given; n2 is asked, and has version 20.',
    actors: [client, coordinator, owners[0], owners[2]],
    steps: [
      { from: 'c', to: 'k', text: 'put 137 = B, ONE' },
      { from: 'k', to: 'n2', text: 'record B' },
      { from: 'n2', to: 'k', text: 'stored', kind: 'ack' },
      { from: 'k', to: 'c', text: 'done; token: 20', kind: 'ack' },
      { from: 'c', to: 'k', text: 'get 137, ONE; token: 20' },
      { from: 'k', to: 'n0', text: 'your record?' },
      { from: 'n0', to: 'k', text: 'A, version 10: too old', kind: 'late' },
      { from: 'k', to: 'n2', text: 'your record?' },
      { from: 'n2', to: 'k', text: 'B, version 20', kind: 'ack' },
      { from: 'k', to: 'c', text: 'B', kind: 'ack' },
    ],
  }),
};

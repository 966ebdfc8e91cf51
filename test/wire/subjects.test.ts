// Which reply subjects are inboxes. Anything else would let a requester have a node publish with the node's rights.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInbox } from '../../src/wire/subjects.js';

const inboxes = [
  '_INBOX.abc',
  '_INBOX.abc.1',
  '_INBOX_app1.abc',
  '_INBOX_r.n0.x.y',
  '_GR_.xyz123.abc456._INBOX.q',
];
for (const subject of inboxes)
  test(`${subject} is an inbox`, () => {
    assert.equal(isInbox(subject), true);
  });

const others = [
  '',
  'dynats.log.n1',
  'dynats.put',
  'dynats.hints.n0.n1',
  '$JS.API.STREAM.PURGE.LOG_n1',
  '$JS.n1.API.STREAM.DELETE.LOG_n1',
  '$SYS.REQ.SERVER.PING',
  '$SRV.PING',
  '_INBOX',
  '_INBOXES.x',
  '_inbox.x',
  'x._INBOX.y',
  ' _INBOX.y',
  '_GR_.a.b.dynats.log.n1',
  '_GR_.a._INBOX.x',
  '_R_.a._INBOX.x',
  '>',
  '*',
];
for (const subject of others)
  test(`${JSON.stringify(subject)} is no inbox`, () => {
    assert.equal(isInbox(subject), false);
  });

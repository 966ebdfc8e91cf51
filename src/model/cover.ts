// Whom to ask so that enough owners of every key have been asked: some nodes, which meet what a level needs of each group of
// owners.
import type { Need, Shortfall } from './need.js';

/** How many members of each group are in `nodes`, at least. */
export function coverage(groups: readonly (readonly string[])[], nodes: ReadonlySet<string>): number {
  return Math.min(...groups.map(group => countIn(group, nodes)));
}

/** The part of `need` furthest from being met by `nodes`; undefined when all are. As `shortfall`, for many parts and nodes. */
export function uncovered(need: Need, nodes: ReadonlySet<string>): Shortfall | undefined {
  let found: Shortfall | undefined;
  for (const { zone, owners, required } of need) {
    const there = countIn(owners, nodes);
    if (there >= required) continue;
    if (found === undefined || required - there > found.required - found.there)
      found = { zone, required, there };
  }
  return found;
}

/**
 * Few of the candidates, the earlier ones rather than the later, that meet `need` together with `already`.
 *
 * @param need of every group of owners.
 * @returns undefined when all the candidates are not enough.
 */
export function cover(
  need: Need,
  candidates: readonly string[],
  already: ReadonlySet<string>,
): string[] | undefined {
  const chosen: string[] = [];
  const spare = candidates.filter(node => !already.has(node));
  const lacks = need.map(({ owners, required }) => required - countIn(owners, already));
  while (lacks.some(lack => lack > 0)) {
    const uses = spare.map(
      node => need.filter(({ owners }, i) => (lacks[i] ?? 0) > 0 && owners.includes(node)).length,
    );
    const most = Math.max(0, ...uses);
    if (most === 0) return undefined;
    const [node = ''] = spare.splice(uses.indexOf(most), 1);
    chosen.push(node);
    need.forEach(({ owners }, i) => {
      if (owners.includes(node)) lacks[i] = (lacks[i] ?? 0) - 1;
    });
  }
  return chosen;
}

function countIn(owners: readonly string[], nodes: ReadonlySet<string>): number {
  return owners.filter(node => nodes.has(node)).length;
}

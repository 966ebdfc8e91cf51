// Whom to ask so that enough owners of every key have been asked: some nodes, of which each group of owners has as many
// members as a level needs.

export interface Cover {
  /** The sets of owners that occur. */
  readonly groups: readonly (readonly string[])[];
  /** Members of each group that are needed. */
  readonly required: number;
}

/** How many members of each group are in `nodes`, at least. */
export function coverage({ groups }: Pick<Cover, 'groups'>, nodes: ReadonlySet<string>): number {
  return Math.min(...groups.map(group => group.filter(node => nodes.has(node)).length));
}

/**
 * Few of the candidates, the earlier ones rather than the later, that make up a cover together with `already`.
 *
 * @returns undefined when all the candidates are not enough.
 */
export function cover(
  { groups, required }: Cover,
  candidates: readonly string[],
  already: ReadonlySet<string>,
): string[] | undefined {
  const chosen: string[] = [];
  const spare = candidates.filter(node => !already.has(node));
  const lacks = groups.map(group => required - group.filter(node => already.has(node)).length);
  while (lacks.some(lack => lack > 0)) {
    const uses = spare.map(
      node => groups.filter((group, i) => (lacks[i] ?? 0) > 0 && group.includes(node)).length,
    );
    const most = Math.max(0, ...uses);
    if (most === 0) return undefined;
    const [node = ''] = spare.splice(uses.indexOf(most), 1);
    chosen.push(node);
    groups.forEach((group, i) => {
      if (group.includes(node)) lacks[i] = (lacks[i] ?? 0) - 1;
    });
  }
  return chosen;
}

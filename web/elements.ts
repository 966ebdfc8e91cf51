// Makes elements. Text is always text: nothing that comes from the cluster is ever taken for markup.

export type Attributes = Readonly<Record<string, string | number | undefined>>;
type Children = readonly (Node | string | undefined)[];

const svgSpace = 'http://www.w3.org/2000/svg';

export function html<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Children
): HTMLElementTagNameMap[Name] {
  return filled(document.createElement(name), attributes, children);
}

export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: Children
): SVGElementTagNameMap[Name] {
  return filled(document.createElementNS(svgSpace, name), attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: Children): E {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) element.setAttribute(name, String(value));
  element.append(...children.filter(child => child !== undefined));
  return element;
}

/** An element of index.html. */
export function byId<E extends Element = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`index.html has no ${id}`);
  return found as Element as E;
}

/** Sets text only where it changes, so that a selection and a screen reader are left alone. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Makes a select offer `values`; `first` is chosen until the person chooses. */
export function offer(select: HTMLSelectElement, values: readonly string[], first = values[0] ?? ''): void {
  const now = [...select.options].map(option => option.value);
  const isSame = now.join('\n') === values.join('\n');
  const { chosen = first } = select.dataset;
  if (!isSame) select.replaceChildren(...values.map(value => html('option', { value }, value)));
  const wanted = values.includes(chosen) ? chosen : first;
  if (select.value !== wanted) select.value = wanted;
}

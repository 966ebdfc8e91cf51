// Generates src/wire/generated/ from schemas/: one TypeScript type and one compiled validator for each message.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { _, Ajv } from 'ajv';
import { getProperty, stringify } from 'ajv/dist/compile/codegen/index.js';
import equal from 'ajv/dist/runtime/equal.js';
import ucs2length from 'ajv/dist/runtime/ucs2length.js';
import standalone from 'ajv/dist/standalone/index.js';
import { compile } from 'json-schema-to-typescript';

const root = path.resolve(import.meta.dirname, '..');
const schemaDir = path.join(root, 'schemas');
const outDir = path.join(root, 'src/wire/generated');

const names = readdirSync(schemaDir)
  .filter(file => file.endsWith('.json'))
  .map(file => file.slice(0, -'.json'.length))
  .sort();
const schemas = new Map(
  names.map(name => [name, JSON.parse(readFileSync(path.join(schemaDir, `${name}.json`), 'utf8'))]),
);

/** `put-request` -> `putRequest`. */
const identifier = name => name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());

async function types() {
  // Every schema at once, as definitions of one, so that a type used twice is declared once.
  const definitions = {};
  const inline = value => {
    if (Array.isArray(value)) return value.map(inline);
    if (value === null || typeof value !== 'object') return value;
    const copy = {};
    // A tagged union: the branches say it all.
    if (value.discriminator) return { oneOf: inline(value.oneOf) };
    for (const [key, inner] of Object.entries(value)) {
      // "exactly one of these fields" and "both or neither" are the validator's to check; as types they only obscure.
      if (key === 'dependencies') continue;
      if (key === 'oneOf' && inner.every(branch => Object.keys(branch).join() === 'required')) continue;
      if (key === '$ref') copy.$ref = rename(inner);
      else if (key !== '$id' && key !== '$schema' && key !== 'discriminator' && key !== 'examples')
        copy[key] = inline(inner);
    }
    return copy;
  };
  const rename = ref => {
    const [file, pointer] = ref.split('#');
    const target = pointer ? pointer.split('/').pop() : schemas.get(file.replace('.json', '')).title;
    return `#/definitions/${target}`;
  };
  for (const [name, schema] of schemas) {
    if (name === 'common')
      for (const [key, value] of Object.entries(schema.definitions)) definitions[key] = inline(value);
    else definitions[schema.title] = inline(schema);
  }
  const source = await compile(
    { title: 'Messages', type: 'object', additionalProperties: false, definitions },
    'Messages',
    {
      unreachableDefinitions: true,
      bannerComment: '// Generated from schemas/ by scripts/generate.mjs; do not edit.',
      style: { singleQuote: true, printWidth: 110 },
      strictIndexSignatures: false,
      // Arrays stay arrays: tuple types for every bounded array would be unreadable, and the validator counts anyway.
      maxItems: -1,
      ignoreMinAndMaxItems: true,
      // Limits are the validator's job; the property `definitions` of a schema is not part of the type.
      declareExternallyReferenced: true,
    },
  );
  const quiet = source
    .replace(/\n \*\n \* This interface was referenced by[^/]*?\n \*\//g, '\n */')
    .replace(/export interface Messages \{[^}]*\}\n/, '');
  writeFileSync(path.join(outDir, 'types.ts'), quiet);
}

/** What only people read need not be loaded by every process. */
const notes = new Set(['description', 'examples']);

function withoutNotes(schema) {
  if (Array.isArray(schema)) return schema.map(withoutNotes);
  if (schema === null || typeof schema !== 'object') return schema;
  // A property may have one of these names: then its value is a schema, not text.
  const isNote = ([key, value]) => notes.has(key) && (typeof value === 'string' || Array.isArray(value));
  return Object.fromEntries(
    Object.entries(schema)
      .filter(entry => !isNote(entry))
      .map(([key, value]) => [key, withoutNotes(value)]),
  );
}

/**
 * The same rules in a form that costs less. Of a `oneOf` or `anyOf` ajv describes what is wrong with each branch before it tries
 * the next, of valid messages too: that was a quarter of the garbage of a read. What the fields that are there tell, they tell.
 */
function withoutBranches(schema) {
  if (Array.isArray(schema)) return schema.map(withoutBranches);
  if (schema === null || typeof schema !== 'object') return schema;
  const { oneOf, anyOf, ...rest } = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, withoutBranches(value)]),
  );
  if (oneOf?.every(branch => Object.keys(branch).join() === 'required' && branch.required.length === 1))
    rest.exactlyOne = oneOf.flatMap(branch => branch.required);
  else if (oneOf !== undefined) rest.oneOf = oneOf;
  return anyOf === undefined ? rest : { ...rest, ...forked(anyOf) };
}

/** An object with a field that one branch alone has, and needs, can only be that branch. */
function forked(branches) {
  const [first, ...others] = branches;
  const shape = shapeOf(first);
  if (others.length === 0) return first;
  const field = shape?.required?.find(
    name => !others.some(other => name in (shapeOf(other)?.properties ?? {})),
  );
  const areClosed = others.every(other => {
    const { type, additionalProperties } = shapeOf(other) ?? {};
    return type !== undefined && (type !== 'object' || additionalProperties === false);
  });
  if (field === undefined || !areClosed) return { anyOf: branches };
  return { fork: { field, with: first, without: forked(others) } };
}

/** What a branch that refers to a file says. */
function shapeOf(branch) {
  if (branch.$ref === undefined) return branch;
  return schemas.get(branch.$ref.replace(/\.json$/, ''));
}

const fork = {
  keyword: 'fork',
  schemaType: 'object',
  code(cxt) {
    const { gen, data, schema } = cxt;
    const valid = gen.let('valid', true);
    const branch = schemaProp => () => cxt.subschema({ keyword: 'fork', schemaProp }, valid);
    const isThere = _`${data} && typeof ${data} == "object" && ${data}${getProperty(schema.field)} !== undefined`;
    gen.if(isThere, branch('with'), branch('without'));
    // The branch says what is wrong.
    cxt.pass(valid, () => {});
  },
};

const exactlyOne = {
  keyword: 'exactlyOne',
  type: 'object',
  schemaType: 'array',
  error: {
    message: 'must have exactly one of the fields',
    params: ({ schema, params: { given } }) => _`{fields: ${stringify(schema)}, given: ${given}}`,
  },
  code(cxt) {
    const { gen, data, schema } = cxt;
    const there = name => _`(${data}${getProperty(name)} === undefined ? 0 : 1)`;
    const given = gen.const(
      'given',
      schema.map(there).reduce((sum, one) => _`${sum} + ${one}`),
    );
    cxt.setParams({ given });
    cxt.fail(_`${given} !== 1`);
  },
};

function validators() {
  const ajv = new Ajv({
    keywords: [exactlyOne, fork],
    schemas: [...schemas.values()].map(withoutNotes).map(withoutBranches),
    code: { source: true, esm: true, lines: false },
    strict: true,
    strictTypes: false,
    strictRequired: false,
    discriminator: true,
    allowUnionTypes: true,
    // The errors name the value at fault; the sender is told the field, never sent its own value back.
    verbose: false,
  });
  const exported = Object.fromEntries(
    names.filter(name => name !== 'common').map(name => [identifier(name), `dynats:/v1/${name}.json`]),
  );
  let code = standalone.default(ajv, exported);
  // ajv leaves two functions of its own to be required at run time, as CommonJS even in ESM output. They stand in the file
  // instead: it then imports nothing, and runs wherever JavaScript does.
  code = code
    .replaceAll('require("ajv/dist/runtime/ucs2length").default', 'ucs2length')
    .replaceAll('require("ajv/dist/runtime/equal").default', 'equal')
    // For keywords that look around, of which the schemas have none.
    .replace(/,\s*parentData:\w+,\s*parentDataProperty:(?:\w+|"[^"]*"),\s*rootData\}/g, '}')
    .replace(/, parentData, parentDataProperty, rootData=data\}/g, '}');
  if (/parentData|rootData/.test(code)) throw new Error('a validator looks at what its value is part of');
  if (code.includes('require(')) throw new Error('a require() is left in the generated validators');
  const banner = '// @ts-nocheck\n// Generated from schemas/ by scripts/generate.mjs; do not edit.\n';
  writeFileSync(
    path.join(outDir, 'validators.js'),
    `${banner}${ucs2length.default}\n${equal.default}\n${code}\n`,
  );
  const declarations = Object.keys(exported)
    .map(name => `export declare const ${name}: Validator<T.${typeNameOf(name)}>;`)
    .join('\n');
  writeFileSync(
    path.join(outDir, 'validators.d.ts'),
    `import type * as T from './types.js';
export interface ValidationError {
  instancePath: string;
  schemaPath: string;
  keyword: string;
  message?: string;
  params: Record<string, unknown>;
}
export interface Validator<M> {
  (data: unknown): data is M;
  errors?: ValidationError[] | null;
}
${declarations}
`,
  );
}

function typeNameOf(name) {
  for (const [file, schema] of schemas) if (identifier(file) === name) return schema.title;
  throw new Error(`no schema for ${name}`);
}

mkdirSync(outDir, { recursive: true });
await types();
validators();

// Generates src/wire/generated/ from schemas/: one TypeScript type and one compiled validator for each message.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
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
      else if (key !== '$id' && key !== '$schema' && key !== 'discriminator') copy[key] = inline(inner);
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

function validators() {
  const ajv = new Ajv({
    schemas: [...schemas.values()],
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
  // ajv writes its run-time helpers as CommonJS requires even in ESM output.
  const imports = new Set();
  code = code.replace(/require\("([^"]+)"\)\.default/g, (_, module) => {
    const name = `runtime_${module.replace(/\W+/g, '_')}`;
    imports.add(`import ${name} from '${module}.js';`);
    return `${name}.default`;
  });
  if (code.includes('require(')) throw new Error('a require() is left in the generated validators');
  const banner = '// @ts-nocheck\n// Generated from schemas/ by scripts/generate.mjs; do not edit.\n';
  writeFileSync(path.join(outDir, 'validators.js'), `${banner}${[...imports].join('\n')}\n${code}\n`);
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

// The command line: `npm run --silent lab -- …`. Standard output carries only the result; what goes
// wrong is one line on standard error. Exit code 0: all went well; 1: a referee found a problem, or
// a file is damaged; 2: bad input.

import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MessageChannel, Worker, workerData } from 'node:worker_threads';
import { inflateRawSync } from 'node:zlib';
import { scenarios } from 'virtual:scenarios';
import { Complaint, sentenceOf } from './base/assert.ts';
import { concatBytes, hexOf } from './base/bytes.ts';
import { ENGINE_VERSION } from './base/version.ts';
import { dump, report } from './btree/foreign.ts';
import { overlayOf } from './btree/overlay.ts';
import { labs } from './labs/index.ts';
import type { ModelState } from './labs/model.ts';
import { searchByParts, servePart } from './labs/model-parts.ts';
import { type Folder, looksLikeFolder } from './lsm/folder.ts';
import { reportFolder, rowsOfFolder } from './lsm/foreign.ts';
import { archiveOf, isOfDatabase } from './run/archive.ts';
import { whyAnother } from './run/file.ts';
import type { Companion, Fingerprint, ForeignSource, SearchReport } from './run/lab.ts';
import { linkOf, looksLikeLink, readLink } from './run/link.ts';
import type { PortLike } from './run/rpc.ts';
import { headerOf, LIMITS, parseScenario, wordOf } from './run/scenario.ts';
import { Script, sourceOfBytes } from './run/script.ts';
import type { Timeline } from './run/timeline.ts';
import { folderOfZip, looksLikeZip } from './run/zip.ts';

const USAGE = `usage: npm run --silent lab -- CALL
  list --json                     labs, settings, commands, sabotage, shipped scenarios
  run FILE [--json] [--quiet]     run a scenario; print its moments
  run FILE --export DIR           … and write the files that an orderly exit leaves
  run FILE --history OUT          … and the clients' history
  open PATH --json                what a foreign database holds: a file, a LevelDB folder, a zip of one
  open PATH --dump [--table NAME] its rows
  explore FILE [--json] [--states N] [--seconds N] [--property NAME] [--bounds NAME=N,…]
                                  look through everything that can happen after a scenario
  explore FILE [--json] --workers N
                                  the same of a small model, by N workers
  link FILE                       the share link's fragment
FILE is a path, - for standard input, a share link, or @name of a shipped scenario.`;

/** Runs one call; returns the exit code. */
export async function main(args: string[]): Promise<number> {
  try {
    const [call, ...rest] = args;
    switch (call) {
      case 'list':
        return list(options(rest, { json: false }, 0));
      case 'run':
        return await run(options(rest, { json: false, quiet: false, export: '', history: '' }, 1));
      case 'open':
        return open(options(rest, { json: false, dump: false, table: '' }, 1));
      case 'explore':
        return await explore(options(rest, EXPLORE, 1));
      case 'link':
        return await link(options(rest, {}, 1));
      case 'help':
      case '--help':
        process.stdout.write(`${USAGE}\n`);
        return 0;
      default:
        throw new Complaint(
          `${call ? `${call} is no call` : 'expected a call'}: list, run, open, explore or link (help says more)`,
        );
    }
  } catch (thrown) {
    if (!(thrown instanceof Complaint)) throw thrown;
    process.stderr.write(`${sentenceOf(thrown)}\n`);
    return 2;
  }
}

const EXPLORE = {
  json: false,
  states: '',
  seconds: '',
  property: '',
  bounds: '',
  workers: '',
};

type Flags = Record<string, string | boolean>;

function options<F extends Flags>(args: string[], flags: F, files: number): F & { file: string } {
  const out: Flags = { ...flags };
  const plain: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const name = arg.slice(2);
    if (!arg.startsWith('--')) plain.push(arg);
    else if (!Object.hasOwn(flags, name))
      throw new Complaint(
        `${arg} is no option here${
          Object.keys(flags).length
            ? `; expected ${Object.keys(flags)
                .map((f) => `--${f}`)
                .join(', ')}`
            : ''
        }`,
      );
    else if (typeof flags[name] === 'boolean') out[name] = true;
    else {
      const value = args[++i];
      if (!value || value.startsWith('--')) throw new Complaint(`${arg} wants a value`);
      out[name] = value;
    }
  }
  if (plain.length !== files)
    throw new Complaint(
      `expected ${files === 0 ? 'no file' : 'one file'}, found ${plain.length === 0 ? 'none' : plain.join(' ')}`,
    );
  return { ...out, file: plain[0] ?? '' } as F & { file: string };
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, plain, 2)}\n`);
}

/** JSON of what JSON lacks: bytes as hexadecimal, whole numbers beyond 2^53 as text. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return hexOf(value);
  if (typeof value === 'bigint') return String(value);
  return value;
}

function list(_: { json: boolean }): number {
  print({
    version: ENGINE_VERSION,
    labs: labs.map((lab) => ({
      name: lab.name,
      chapter: lab.chapter,
      title: lab.title,
      settings: lab.settings.map(({ name, type, default: value, values, min, max, help }) => ({
        name,
        type,
        default: typeof value === 'boolean' ? (value ? 'on' : 'off') : value,
        values: values ?? (type === 'switch' ? ['on', 'off'] : null),
        ...(min !== undefined && { min }),
        ...(max !== undefined && { max }),
        help,
      })),
      commands: lab.commands.map(({ name, usage, help }) => ({ name, usage, help })),
      sabotage: lab.sabotage,
      scenarios: scenarios
        .filter((scenario) => scenario.lab === lab.name)
        .map(({ name, title, text }) => ({ name, title, text })),
    })),
  });
  return 0;
}

/** The scenario that FILE means, and the folder in which its own file is looked for. */
async function scenarioOf(file: string): Promise<{ text: string; folder: string }> {
  if (file.startsWith('@')) {
    const found = scenarios.find(({ name }) => name === file.slice(1));
    if (!found)
      throw new Complaint(
        `there is no shipped scenario ${file}; expected ${scenarios.map(({ name }) => `@${name}`).join(', ')}`,
      );
    return { text: found.text, folder: '.' };
  }
  if (looksLikeLink(file)) return { text: (await readLink(file)).text, folder: '.' };
  let bytes: Buffer;
  try {
    if (file !== '-' && statSync(file).isDirectory()) throw new Complaint(`${file} is a folder`);
    bytes = readFileSync(file === '-' ? 0 : file);
  } catch (thrown) {
    throw thrown instanceof Complaint ? thrown : unreadable(file, thrown);
  }
  if (bytes.length > 4 * LIMITS.text)
    throw new Complaint(`${file} is too long for a scenario: ${bytes.length} bytes`);
  const text = bytes.toString('utf8');
  // A scenario file may hold a link, as people save them.
  if (looksLikeLink(text) && text.trim().split('\n').length === 1)
    return { text: (await readLink(text)).text, folder: '.' };
  return { text, folder: file === '-' ? '.' : dirname(file) };
}

/** Writes a file, and the folders that it needs. */
function writeOut(path: string, content: Uint8Array | string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  } catch (thrown) {
    throw new Complaint(
      `${path} cannot be written (${(thrown as NodeJS.ErrnoException).code ?? thrown})`,
    );
  }
}

function unreadable(file: string, thrown: unknown): Complaint {
  const code = (thrown as NodeJS.ErrnoException).code;
  return new Complaint(
    code === 'ENOENT' ? `there is no file ${file}` : `${file} cannot be read (${code ?? thrown})`,
  );
}

async function run(flags: {
  file: string;
  json: boolean;
  quiet: boolean;
  export: string;
  history: string;
}): Promise<number> {
  const { text, folder } = await scenarioOf(flags.file);
  const script = new Script(text, labs, foreignOf(text, folder)).run();
  const timeline = script.timeline('main');
  const problems = script.names.flatMap((name) =>
    script.timeline(name).problems.map((problem) => ({
      ...problem,
      moment: script.timeline(name).nameOf(problem.moment),
      ...(name !== 'main' && { branch: name }),
    })),
  );
  if (flags.export) {
    for (const { name, bytes } of script.lab.exports(timeline.end))
      writeOut(join(flags.export, name), bytes);
  }
  if (flags.history) {
    if (!script.lab.history)
      throw new Complaint(`the lab ${script.lab.name} has no clients, so there is no history`);
    const lines = script.lab.history(timeline.end).map((entry) => `${JSON.stringify(entry)}\n`);
    writeOut(flags.history, lines.join(''));
  }
  if (flags.json)
    print({
      lab: script.lab.name,
      moments: flags.quiet ? timeline.length : momentsOf(timeline),
      digest: timeline.digest(),
      problems,
      result: timeline.commands
        .filter(({ result }) => result !== undefined)
        .map(({ text, result }) => ({ command: text, result })),
    });
  else {
    if (!flags.quiet) for (const line of textOf(timeline)) process.stdout.write(`${line}\n`);
    for (const { moment, referee, text } of problems)
      process.stdout.write(`problem at ${moment}: ${referee}: ${text}\n`);
    process.stdout.write(`digest ${timeline.digest()}\n`);
  }
  return problems.length > 0 ? 1 : 0;
}

function momentsOf(timeline: Timeline) {
  return Array.from({ length: timeline.length }, (_, i) => {
    const { event, state } = timeline.at(i);
    return { at: timeline.nameOf(i), ...timeline.lab.describe(event, state), event };
  });
}

/** One line a moment, as golden scripts record them. */
function* textOf(timeline: Timeline): Iterable<string> {
  for (let i = 0; i < timeline.length; i++) {
    const { event, state } = timeline.at(i);
    const { title, detail } = timeline.lab.describe(event, state);
    yield `${timeline.nameOf(i)}  ${title}${detail ? ` — ${detail}` : ''}`;
  }
}

/** The file that a scenario names, found beside it and checked against its size and hash. */
function foreignOf(text: string, folder: string): { foreign?: ForeignSource } {
  const { file, lab } = parseScenario(text, labs).setup;
  if (!file) return {};
  const path = join(folder, basename(file.name));
  const opened = lab === 'lsm' ? folderAt(path) : undefined;
  const foreign = opened ? sourceOfFolder(basename(path), opened) : sourceOfFile(path);
  const beside: Partial<Record<Companion, ForeignSource>> = {};
  const hashes: Partial<Record<Companion, Fingerprint>> = {};
  // What lies there and is not named in the scenario was not there when it was made.
  for (const kind of Object.keys(file.beside ?? {}) as Companion[]) {
    const companion = sourceOfFile(`${path}-${kind}`);
    beside[kind] = companion;
    hashes[kind] = fingerprintOf(companion);
  }
  const why = whyAnother(file, { name: path, ...fingerprintOf(foreign), beside: hashes });
  if (why !== undefined) throw new Complaint(why);
  return { foreign: { ...foreign, beside } };
}

/** A folder in the form in which a scenario names it. */
function sourceOfFolder(name: string, folder: Folder): ForeignSource {
  const files = folder.names.filter(isOfDatabase).map((name) => {
    const content = folder.read(name) ?? new Uint8Array(0);
    return { name, size: content.length, content };
  });
  return sourceOfBytes(name, concatBytes(archiveOf(files)));
}

function fingerprintOf(source: ForeignSource): Fingerprint {
  const hash = createHash('sha256');
  for (let at = 0; at < source.size; at += 2 ** 20) hash.update(source.read(at, 2 ** 20));
  return { sha256: hash.digest('hex'), size: source.size };
}

/** Positioned reads of a file. */
function sourceOfFile(path: string): ForeignSource {
  let handle: number;
  try {
    if (statSync(path).isDirectory()) throw new Complaint(`${path} is a folder; expected a file`);
    handle = openSync(path, 'r');
  } catch (thrown) {
    throw thrown instanceof Complaint ? thrown : unreadable(path, thrown);
  }
  const { size } = fstatSync(handle);
  process.once('exit', () => closeSync(handle));
  return {
    name: basename(path),
    size,
    read(offset, length) {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      let got = 0;
      while (got < bytes.length) {
        const count = readSync(handle, bytes, got, bytes.length - got, offset + got);
        if (count === 0) break;
        got += count;
      }
      return bytes.subarray(0, got);
    },
  };
}

/** A folder of LevelDB, or a zip of one; undefined where the path is something else. */
function folderAt(path: string): Folder | undefined {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (thrown) {
    throw unreadable(path, thrown);
  }
  if (isFolder) {
    const names = readdirSync(path);
    if (!looksLikeFolder(names))
      throw new Complaint(
        `${path} is a folder without a CURRENT, a MANIFEST or a table of LevelDB`,
      );
    return {
      names,
      read: (name) => (names.includes(name) ? readFileSync(join(path, name)) : undefined),
    };
  }
  const head = sourceOfFile(path).read(0, 22);
  if (!looksLikeZip(head)) return undefined;
  const folder = folderOfZip(readFileSync(path), (packed, most) => {
    try {
      const bytes = inflateRawSync(packed, { maxOutputLength: Math.max(1, most) });
      return bytes.length === most ? bytes : undefined;
    } catch {
      return undefined;
    }
  });
  if (typeof folder === 'string') throw new Complaint(`${path}: ${folder}`);
  return folder;
}

function openFolder(folder: Folder, isDump: boolean): number {
  if (isDump) {
    // The bytes that the fixtures' manifest hashes: both lengths, then key and value.
    for (const { key, value } of rowsOfFolder(folder)) {
      const row = Buffer.alloc(8 + key.length + value.length);
      row.writeUInt32LE(key.length, 0);
      row.writeUInt32LE(value.length, 4);
      row.set(key, 8);
      row.set(value, 8 + key.length);
      process.stdout.write(row);
    }
    return 0;
  }
  const found = reportFolder(folder);
  print(found);
  return found.problems.length > 0 ? 1 : 0;
}

function open(flags: { file: string; json: boolean; dump: boolean; table: string }): number {
  if (!flags.json && !flags.dump) throw new Complaint('open wants --json or --dump');
  const folder = folderAt(flags.file);
  if (folder) return openFolder(folder, flags.dump);
  // What lies beside the database counts, as it would for the next process to open it.
  const beside = (suffix: string) =>
    existsSync(flags.file + suffix) ? sourceOfFile(flags.file + suffix) : undefined;
  const source = overlayOf(sourceOfFile(flags.file), beside('-wal'), beside('-journal'));
  if (flags.dump) {
    for (const line of dump(source, flags.table || undefined)) process.stdout.write(`${line}\n`);
    return 0;
  }
  const found = report(source);
  print(found);
  return found.problems.length > 0 ? 1 : 0;
}

/** States that are gone on from between two looks at the clock. */
const SLICE = 2_000;

/** Searches from where the scenario ends; a violation is a scenario that goes on from there. */
async function explore(flags: typeof EXPLORE & { file: string }): Promise<number> {
  const number = (name: 'states' | 'seconds'): number => {
    const value = Number(flags[name] || Number.POSITIVE_INFINITY);
    if (!(value > 0)) throw new Complaint(`--${name} wants a number above 0; found ${flags[name]}`);
    return value;
  };
  const [states, seconds] = [number('states'), number('seconds')];
  const { text, folder } = await scenarioOf(flags.file);
  const script = new Script(text, labs, foreignOf(text, folder)).run();
  const { lab, scenario } = script;
  const timeline = script.timeline('main');
  if (!lab.search)
    throw new Complaint(
      `a run of the lab ${lab.name} has no choices, so there is nothing to explore`,
    );
  const start = process.hrtime.bigint();
  const since = (): number => Number(process.hrtime.bigint() - start) / 1e9;
  const workers = Number(flags.workers || 1);
  if (!(Number.isInteger(workers) && workers >= 1 && workers <= 16))
    throw new Complaint(`--workers wants a number from 1 to 16; found ${flags.workers}`);
  if (workers > 1) {
    if (lab.name !== 'model')
      throw new Complaint(`several workers search small models; ${lab.name} is searched by one`);
    const most = Math.min(states, scenario.setup.settings['max-states'] as number);
    const report = await byWorkers(workers, (ports) =>
      searchByParts(ports, timeline.end as ModelState, scenario.setup, { states: most }),
    );
    return tell(report, script, flags.json, since());
  }
  const wish = {
    bounds: boundsIn(flags.bounds),
    ...(flags.property && { property: flags.property }),
  };
  const search = await lab.search(timeline.end, scenario.setup, wish);
  oneOf('property', flags.property ? [flags.property] : [], search.offer.properties);
  oneOf('bound', Object.keys(wish.bounds), search.offer.bounds);
  while (!search.advance(SLICE)) {
    if (since() > seconds) search.cancel('time');
    else if (search.progress.states >= states) search.cancel();
  }
  return tell(search.report(), script, flags.json, since());
}

/** Workers of this very program, each behind a port of its own. */
async function byWorkers<R>(
  count: number,
  work: (ports: readonly PortLike[]) => Promise<R>,
): Promise<R> {
  const made = Array.from({ length: count }, () => {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { part: port2 },
      transferList: [port2],
    });
    return { port: port1, worker };
  });
  try {
    return await work(made.map(({ port }) => port as unknown as PortLike));
  } finally {
    for (const { port, worker } of made) {
      port.close();
      await worker.terminate();
    }
  }
}
if (workerData?.part) servePart(workerData.part as PortLike);

/** What a search has found, and the exit code: 1 where something does not hold. */
function tell(report: SearchReport, script: Script, json: boolean, seconds: number): number {
  const { lab, scenario } = script;
  const timeline = script.timeline('main');
  const before = timeline.commands.map(({ text: line }) => line);
  const written = (commands: readonly string[]): string =>
    `${[...headerOf(lab, scenario.setup), ...before, ...commands].join('\n')}\n`;
  const violations = report.findings
    .filter(({ verdict }) => verdict === 'violated')
    .map(({ property, commands = [] }) => ({ property, scenario: written(commands) }));
  if (json) {
    const { findings, ...counts } = report;
    const properties = findings.map(({ commands, states: _, ...finding }) => ({
      ...finding,
      ...(commands && { steps: commands.length }),
    }));
    print({ ...counts, seconds, violations, properties });
    return violations.length > 0 ? 1 : 0;
  }
  process.stdout.write(
    `${report.states} states, ${report.transitions} transitions, depth ${report.depth}: ${
      report.complete ? 'complete' : `not complete, ended by ${report.bound ?? 'nothing'}`
    }\n`,
  );
  for (const { property, holds, verdict, help, commands, loop, shrunk } of report.findings) {
    const steps = commands
      ? `, in ${commands.length} steps${shrunk ? ' (found by chance, shortened)' : ''}`
      : '';
    process.stdout.write(`${verdict}${steps}: ${property} (${holds}): ${help}\n`);
    if (verdict !== 'violated') continue;
    commands?.forEach((line, n) => {
      if (n === loop) process.stdout.write('  # and from here round and round\n');
      process.stdout.write(`  ${line}\n`);
    });
  }
  return violations.length > 0 ? 1 : 0;
}

/** `crashes=1,drops=0` */
function boundsIn(text: string): Record<string, number> {
  return Object.fromEntries(
    (text === '' ? [] : text.split(',')).map((part) => {
      const [, name, value] = /^([a-z]+)=(\d+)$/.exec(part) ?? [];
      if (name === undefined)
        throw new Complaint(
          `--bounds wants numbers by name, as in crashes=1,drops=0; found ${part}`,
        );
      return [name, Number(value)];
    }),
  );
}

function oneOf(
  what: string,
  given: readonly string[],
  known: readonly { readonly name: string }[],
): void {
  for (const name of given)
    if (!known.some((one) => one.name === name))
      throw new Complaint(
        `there is no ${what} ${name}; expected one of ${known.map((one) => one.name).join(', ')}`,
      );
}

async function link(flags: { file: string }): Promise<number> {
  const { text, folder } = await scenarioOf(flags.file);
  const script = new Script(text, labs, foreignOf(text, folder)).run();
  const { at } = script.scenario;
  const branch = at?.branch ?? 'main';
  const moment = at && `${at.command}.${at.step}`;
  const fragment = await linkOf({
    lab: script.lab.name,
    text: script.text(branch === 'main' ? moment : `${moment} on ${wordOf(branch)}`),
    digest: script.timeline(branch).digest(),
    version: ENGINE_VERSION,
  });
  process.stdout.write(`${fragment}\n`);
  return 0;
}

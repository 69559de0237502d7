import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { ENGINE_VERSION } from './base/version.ts';
import { readLink } from './run/link.ts';

// The command line from outside: a process, its two outputs and its exit code.

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, 'scripts', 'lab.mjs');
const folder = mkdtempSync(join(tmpdir(), 'lab-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lab(args: string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  return { status, stdout, stderr };
}
const file = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
  return name;
};
/** A call that is refused: exit code 2, nothing on standard output, one line on standard error. */
function refused(args: string[], input = ''): string {
  const { status, stdout, stderr } = lab(args, input);
  expect([status, stdout, stderr.split('\n').length], stderr).toEqual([2, '', 2]);
  return stderr.trimEnd();
}
const TEXT = 'lab btree\nset max-cells 4\nput 1 "a"\nput 2 x\'00ff\'\ncommit\nget 1\n';

describe('run', () => {
  test('prints each moment and the digest', () => {
    const { status, stdout, stderr } = lab(['run', file('a.txt', TEXT)]);
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^0\.1 {2}\S/);
    expect(lines.at(-1)).toMatch(/^digest [0-9a-f]{16}$/);
    expect(lines.slice(0, -1).every((line) => /^\d+\.\d+ {2}\S/.test(line))).toBe(true);
    expect(lab(['run', '--quiet', 'a.txt']).stdout).toBe(`${lines.at(-1)}\n`);
  });

  test('as JSON, from a file, from standard input, from a link and from a saved link: one run', () => {
    file('a.txt', TEXT);
    const json = lab(['run', 'a.txt', '--json']);
    const said = JSON.parse(json.stdout);
    expect(Object.keys(said)).toEqual(['lab', 'moments', 'digest', 'problems', 'result']);
    expect(said).toMatchObject({ lab: 'btree', problems: [], result: [{ command: 'get 1' }] });
    expect(said.moments[0]).toMatchObject({ at: '0.1' });
    expect(lab(['run', '-', '--json'], TEXT).stdout).toBe(json.stdout);
    const link = lab(['link', 'a.txt']).stdout.trim();
    expect(lab(['run', link, '--json']).stdout).toBe(json.stdout);
    expect(
      lab(['run', file('link.txt', `https://someone.example/${link}\n`), '--json']).stdout,
    ).toBe(json.stdout);
  });

  test('--export writes what opens again; --history needs clients', () => {
    file('a.txt', TEXT);
    expect(lab(['run', 'a.txt', '--quiet', '--export', 'deep/out']).status).toBe(0);
    expect(readdirSync(join(folder, 'deep/out'))).toEqual(['btree.sqlite', 'btree.sqlite-wal']);
    const opened = lab(['open', 'deep/out/btree.sqlite', '--json']);
    expect(JSON.parse(opened.stdout)).toMatchObject({ rows: 2, problems: [] });
    expect(opened.status).toBe(0);
    expect(refused(['run', 'a.txt', '--export', 'a.txt'])).toMatch(
      /btree\.sqlite cannot be written \(E\w+\)$/,
    );
    expect(lab(['run', 'a.txt', '--history', 'h']).status).toBe(2);
  });

  test('a broken scenario is told by line and column', () => {
    expect(refused(['run', '-'], 'lab btree\nput 1 "a\n')).toBe(
      'line 2, column 7: the quotation has no closing "',
    );
    expect(refused(['run', '-'], 'lab btree\nset page-size 1000\n')).toMatch(
      /^line 2, column 15: page-size is .*; found 1000$/,
    );
    expect(refused(['run', '-'], 'lab nowhere\n')).toMatch(
      /^line 1, column 5: there is no lab nowhere; expected /,
    );
    expect(refused(['run', '-'], '')).toBe('line 1: expected a line lab NAME, found none');
    expect(refused(['run', '-'], '\u0000\u001b[31m')).toMatch(
      /^line 1, column 1: expected lab NAME/,
    );
  });

  test('of a cluster: what is not there, and what there cannot be', () => {
    const raft = (lines: string) => refused(['run', '-'], `lab raft\n${lines}\n`);
    expect(raft('set nodes 0')).toBe(
      'line 2, column 11: nodes is a whole number from 1 to 9; found 0',
    );
    expect(raft('set nodes 1000')).toBe(
      'line 2, column 11: nodes is a whole number from 1 to 9; found 1000',
    );
    expect(raft('run 100ms\npartition A,B / C,Q')).toBe(
      'line 3: there is no node Q; there are A, B, C, D, E',
    );
    expect(raft('fire A election\nstep 12\ndeliver A>B#1')).toMatch(
      /^line 4: A>B#1 is not under way any more; /,
    );
    expect(raft('run -300ms')).toBe(
      'line 2, column 5: a time is a number with its unit, up to an hour, as in 300ms or 20s; found -300ms',
    );
  });

  test('a file that is not there, a folder, and no file at all', () => {
    expect(refused(['run', 'nowhere.txt'])).toBe('there is no file nowhere.txt');
    expect(refused(['run', '.'])).toBe('. is a folder');
    expect(refused(['run'])).toBe('expected one file, found none');
    expect(refused(['run', 'a.txt', 'b.txt'])).toBe('expected one file, found a.txt b.txt');
    expect(refused(['run', '@nowhere'])).toMatch(
      /^there is no shipped scenario @nowhere; expected @/,
    );
    expect(refused(['run', file('f.txt', `lab btree\nfile gone.db ${'0'.repeat(64)} 3\n`)])).toBe(
      'there is no file gone.db',
    );
    file('gone.db', 'abc');
    expect(refused(['run', 'f.txt'])).toBe(
      'gone.db is not the file that the scenario was made with: its hash differs',
    );
  });

  test('a link that was cut in half', () => {
    const link = lab(['link', file('a.txt', TEXT)]).stdout.trim();
    expect(refused(['run', link.slice(0, link.indexOf('&') / 2)])).toBe(
      'the link is damaged: it seems to have been cut or changed on the way',
    );
  });
});

test("the package's version is the engine's", () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(version).toBe(ENGINE_VERSION);
});

describe('explore', () => {
  test('counts states, and writes a shortest witness as a scenario that breaks at its end', () => {
    const text = 'lab model\nset model acp-nb\nsabotage decide-first\n';
    const { status, stdout } = lab(['explore', '-', '--json'], text);
    expect(status).toBe(1);
    const { violations, ...counts } = JSON.parse(stdout);
    expect(counts).toMatchObject({ states: 3152, depth: 17, complete: true });
    expect(violations.map(({ property }: { property: string }) => property)).toEqual([
      'AC1 agreement',
    ]);
    const { scenario } = violations[0] as { scenario: string };
    expect(scenario.startsWith('lab model\nset model acp-nb\nsabotage decide-first\n')).toBe(true);
    const played = lab(['run', '-', '--json', '--quiet'], scenario);
    expect(played.status).toBe(1);
    expect(JSON.parse(played.stdout).problems).toMatchObject([
      { referee: 'AC1 agreement', moment: '13.1' },
    ]);
  });

  test('one property, within bounds of the call', () => {
    const text = 'lab commit\nset participants 2\nset save 0\nbegin blue\n';
    const one = ['explore', '-', '--json', '--property', 'not blocked'];
    const found = JSON.parse(lab(one, text).stdout);
    expect(found).toMatchObject({ complete: false, bound: 'until' });
    expect(found.violations.map(({ property }: { property: string }) => property)).toEqual([
      'not blocked',
    ]);
    const none = JSON.parse(lab([...one, '--bounds', 'crashes=0'], text).stdout);
    expect(none).toMatchObject({ complete: true, violations: [] });
  });

  test('by several workers, and it is the same search', () => {
    const text = 'lab model\nset model paxos\n';
    const search = (...options: string[]) => {
      const found = JSON.parse(lab(['explore', '-', '--json', ...options], text).stdout);
      const { seconds: _, ...rest } = found;
      const told = rest.properties.map(
        ({ property, verdict, steps }: { property: string; verdict: string; steps?: number }) => [
          property,
          verdict,
          steps,
        ],
      );
      return { ...rest, properties: told };
    };
    const one = search();
    expect(one).toMatchObject({ states: 3921, depth: 17, complete: true });
    expect(search('--workers', '2')).toEqual(one);
    expect(refused(['explore', '-', '--workers', '2'], 'lab commit\n')).toMatch(
      /^several workers search small models/,
    );
    expect(refused(['explore', '-', '--workers', '2'], 'lab model\n')).toMatch(
      /^what holds eventually \(decided\) is judged on the whole graph/,
    );
  });

  test('goes on from where a scenario ends, within a bound, and says that it was one', () => {
    const text = 'lab model\nset max-states 20\ndo tmAbort\n';
    const { status, stdout } = lab(['explore', '-', '--json'], text);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ complete: false, bound: 'states', violations: [] });
    expect(lab(['explore', '-'], 'lab model\nset model die-hard\n').stdout).toContain(
      'violated, in 6 steps: not solved (always)',
    );
  });

  test('says what it cannot do', () => {
    expect(refused(['explore', '-'], 'lab btree\n')).toBe(
      'a run of the lab btree has no choices, so there is nothing to explore',
    );
    expect(refused(['explore', '-'], 'lab model\ndo tmCommit\n')).toMatch(
      /^line 2: tmCommit cannot/,
    );
    expect(refused(['explore', '-', '--seconds', '0'], 'lab model\n')).toBe(
      '--seconds wants a number above 0; found 0',
    );
    expect(refused(['explore', '-', '--property', 'peace'], 'lab commit\n')).toMatch(
      /^there is no property peace; expected one of agreement, /,
    );
    expect(refused(['explore', '-', '--bounds', 'crash=1'], 'lab commit\n')).toMatch(
      /^there is no bound crash; expected one of crashes, /,
    );
    expect(refused(['explore', '-', '--bounds', 'crashes'], 'lab commit\n')).toMatch(
      /^--bounds wants numbers by name/,
    );
  });
});

test('options and calls that there are not', () => {
  file('a.txt', TEXT);
  expect(refused(['run', 'a.txt', '--loud'])).toBe(
    '--loud is no option here; expected --json, --quiet, --export, --history',
  );
  expect(refused(['run', 'a.txt', '--constructor'])).toContain('--constructor is no option here');
  expect(refused(['link', 'a.txt', '--json'])).toBe('--json is no option here');
  expect(refused(['run', 'a.txt', '--export'])).toBe('--export wants a value');
  expect(refused(['run', 'a.txt', '--export', '--json'])).toBe('--export wants a value');
  expect(refused(['list', 'a.txt', '--json'])).toBe('expected no file, found a.txt');
  expect(refused(['jump'])).toBe(
    'jump is no call: list, run, open, explore or link (help says more)',
  );
  expect(refused([])).toBe('expected a call: list, run, open, explore or link (help says more)');
  expect(lab(['help'])).toMatchObject({ status: 0, stderr: '' });
});

test('list says what there is, and every shipped scenario runs by its name', () => {
  const { status, stdout } = lab(['list', '--json']);
  expect(status).toBe(0);
  const { version, labs } = JSON.parse(stdout);
  expect(version).toBe(ENGINE_VERSION);
  const [btree] = labs;
  expect(Object.keys(btree)).toEqual(
    expect.arrayContaining(['name', 'chapter', 'settings', 'commands', 'sabotage', 'scenarios']),
  );
  expect(btree.commands).toContainEqual(
    expect.objectContaining({ name: 'put', usage: expect.any(String) }),
  );
  const names = labs.flatMap((one: typeof btree) =>
    one.scenarios.map(({ name }: { name: string }) => name),
  );
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThan(0);
  expect([0, 1]).toContain(lab(['run', `@${names[0]}`, '--quiet']).status);
});

describe('open', () => {
  test('what lies beside a database counts: its log, or the journal that takes back', () => {
    const fixtures = fileURLToPath(new URL('./btree/fixtures/sqlite/', import.meta.url));
    for (const [name, rows] of [
      ['wal-1024.db', 588],
      ['hotjournal-1024.db', 300],
    ] as const) {
      const opened = lab(['open', join(fixtures, name), '--json']);
      expect(JSON.parse(opened.stdout), name).toMatchObject({ rows, problems: [] });
      expect(opened.status).toBe(0);
    }
  });

  test('what is no database is bad input; what is damaged is a problem', () => {
    expect(refused(['open', 'nowhere', '--json'])).toBe('there is no file nowhere');
    expect(refused(['open', '.', '--json'])).toMatch(/folder/);
    expect(refused(['open', file('a.txt', TEXT), '--json'])).toMatch(/a\.txt|database/);
    expect(refused(['open', 'a.txt'])).toBe('open wants --json or --dump');
    lab(['run', file('d.txt', `${TEXT}bulk 200 random\ncommit\n`), '--quiet', '--export', 'd']);
    const bytes = readFileSync(join(folder, 'd/btree.sqlite'));
    bytes.fill(0xff, bytes.length - 600, bytes.length - 400);
    const damaged = lab(['open', file('damaged.sqlite', bytes), '--json']);
    expect([damaged.status, damaged.stderr]).toEqual([1, '']);
    expect(JSON.parse(damaged.stdout).problems.length).toBeGreaterThan(0);
  });
});

test('a link carries the moment, on its branch, and the digest of what it shows', async () => {
  const text = 'lab btree\nat 2.1 on crash\nput 1 "a"\nbranch crash from 1\ncrash\n';
  const link = await readLink(lab(['link', '-'], text).stdout.trim());
  expect(link.text).toContain('\nat 2.1 on crash\n');
  expect(link).toMatchObject({ lab: 'btree', version: ENGINE_VERSION });
  const main = /digest (\w+)/.exec(lab(['run', '-', '--quiet'], text).stdout)?.[1];
  expect(link.digest).not.toBe(main);
});

describe('a LevelDB folder', () => {
  const script =
    'lab lsm\nput fig "Smyrna"\nput kiwi "Hayward"\nflush\ndelete kiwi\nput plum x\'00ff\'\n';

  test('is written, opened again, and dumped as the fixtures are hashed', () => {
    expect(lab(['run', file('lsm.txt', script), '--quiet', '--export', 'folder']).status).toBe(0);
    expect(readdirSync(join(folder, 'folder', 'lsm.leveldb')).sort()).toEqual([
      '000004.log',
      '000005.ldb',
      'CURRENT',
      'MANIFEST-000002',
    ]);
    const found = JSON.parse(lab(['open', 'folder/lsm.leveldb', '--json']).stdout);
    expect(found).toMatchObject({
      format: 'leveldb',
      pageSize: null,
      pages: null,
      depth: null,
      rows: 2,
      trees: null,
      problems: [],
    });
    const { stdout } = spawnSync(
      process.execPath,
      [program, 'open', 'folder/lsm.leveldb', '--dump'],
      { cwd: folder },
    );
    expect(stdout.toString('hex')).toBe(
      `0300000006000000${Buffer.from('figSmyrna').toString('hex')}0400000002000000${Buffer.from('plum').toString('hex')}00ff`,
    );
  });

  test('that is none is bad input; one with damage is read, and exits with 1', () => {
    expect(refused(['open', '.', '--json'])).toMatch(/without a CURRENT, a MANIFEST or a table/);
    const table = join(folder, 'folder', 'lsm.leveldb', '000005.ldb');
    const bytes = readFileSync(table);
    bytes[3] = (bytes[3] as number) ^ 1;
    writeFileSync(table, bytes);
    const { status, stdout } = lab(['open', 'folder/lsm.leveldb', '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout).problems.join()).toMatch(
      /000005\.ldb: the checksum of the block at 0/,
    );
  });
});

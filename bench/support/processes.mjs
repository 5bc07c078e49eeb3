import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** True if processes can be bound to a core: two cores or more, and `taskset` of Linux. */
export const canPin =
  availableParallelism() >= 2 && spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/**
 * Starts a module in an own process.
 *
 * @param core core that the process is bound to, if possible; default: not bound
 * @param flags options of Node.js
 * @returns `ask(question)`, which resolves with the next message of the process, and `stop()`
 */
export function startProcess(url, core, flags = []) {
  const pinned = {
    execPath: 'taskset',
    execArgv: ['-c', String(core), process.execPath, ...flags],
  };
  const child = fork(url, canPin && core !== undefined ? pinned : { execArgv: flags });
  const ended = once(child, 'exit');
  return {
    async ask(question) {
      child.send(question);
      const answer = await new Promise((resolve, reject) => {
        child.once('message', resolve);
        void ended.then(([code]) => reject(new Error(`${url} ended with code ${code}.`)));
      });
      if (answer.error) throw new Error(answer.error);
      return answer;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** Serves the questions of the parent; `answers` has one function per name of a question. */
export function answerParent(answers) {
  process.on('message', ({ name, ...question }) => {
    Promise.resolve(answers[name](question)).then(
      (answer) => process.send(answer ?? {}),
      (error) => process.send({ error: error.stack }),
    );
  });
  process.once('disconnect', () => process.exit());
}

import { SingleFlight } from '../../lib/base/single-flight.js';

/** Work whose end the test decides. */
function openWork(): { readonly work: () => Promise<string>; readonly end: () => void } {
  let end = (): void => undefined;
  const result = new Promise<string>((resolve) => (end = () => resolve('shared')));
  return { work: () => result, end: () => end() };
}

const unexpected = (): Promise<string> => Promise.reject(new Error('Must not run.'));

describe('SingleFlight', () => {
  it.each(['resolves', 'rejects'])('runs again after a run that %s', async (outcome) => {
    const flights = new SingleFlight<string>();
    const first = (): Promise<string> =>
      outcome === 'resolves' ? Promise.resolve('first') : Promise.reject(new Error('first'));
    await Promise.allSettled([flights.run('key', first)]);
    expect(flights.current('key')).toBeUndefined();
    await expect(flights.run('key', () => Promise.resolve('second'))).resolves.toBe('second');
  });

  it('shares a run while thousands of others end', async () => {
    const flights = new SingleFlight<string>();
    const { work, end } = openWork();
    const first = flights.run('key', work);
    for (let number = 0; number < 3000; number += 1) {
      await flights.run(`other ${number}`, () => Promise.resolve('other'));
    }
    expect(flights.current('key')).toBe(first);
    expect(flights.run('key', unexpected)).toBe(first);
    end();
    await expect(first).resolves.toBe('shared');
  });

  it('shares a run whose work starts more runs than stay in memory', async () => {
    const flights = new SingleFlight<string>();
    await flights.run('key', () => Promise.resolve('earlier'));
    const { work, end } = openWork();
    const others: Promise<string>[] = [];
    const first = flights.run('key', () => {
      for (let number = 0; number < 3000; number += 1) {
        others.push(flights.run(`other ${number}`, () => Promise.resolve('other')));
      }
      return work();
    });
    expect(flights.run('key', unexpected)).toBe(first);
    end();
    await Promise.all([first, ...others]);
  });

  it.each(['one after the other', 'at the same time'])(
    'keeps at most 1000 keys of runs that ended %s',
    async (order) => {
      const flights = new SingleFlight<string>();
      const isSerial = order === 'one after the other';
      const all: Promise<string>[] = [];
      for (let number = 0; number < 5000; number += 1) {
        const run = flights.run(`key ${number}`, () => Promise.resolve('result'));
        all.push(run);
        if (isSerial) await run;
      }
      await Promise.all(all);
      expect(flights['runs'].size).toBeLessThanOrEqual(1000);
    },
  );
});

import { runJest } from './support/jest-process.js';

describe('a test file after another one in the same process', () => {
  it.each([
    ['variable, spy, logger or state of a test helper', 'traces'],
    ['replaced package', 'module'],
  ])('notices no %s', async (_, kind) => {
    const { report } = await runJest('--runInBand', '--testMatch', `**/*.${kind}.fixture.ts`);
    expect(report.testResults.map(({ message }) => message)).toEqual(['', '']);
  });
});

import base from '../../jest.config.js';

/** Unit and e2e tests for further versions of Node: without the recorded tables, which are data. */
export default {
  ...base,
  rootDir: '../..',
  testPathIgnorePatterns: [
    ...base.testPathIgnorePatterns,
    '/test/recordings/',
    'recordings.spec.ts$',
  ],
};

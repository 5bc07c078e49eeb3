import base from '../../jest.config.js';

export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/keycloak/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  // The files share one server, which some of them stop.
  maxWorkers: 1,
  testTimeout: 120_000,
};

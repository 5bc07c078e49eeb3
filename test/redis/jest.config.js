import base from '../../jest.config.js';

export default {
  ...base,
  rootDir: '../..',
  testMatch: ['<rootDir>/test/redis/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
};

export default {
  testEnvironment: '<rootDir>/test/support/secrets.environment.js',
  runtime: '<rootDir>/test/support/shared.runtime.cjs',
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(browser|keycloak|redis|pack|watch)/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    // The examples of the documentation and the samples import the package by its name.
    '^nestjs-oxd$': '<rootDir>/lib/index.ts',
    '^nestjs-oxd/config$': '<rootDir>/lib/options/oxd.config.ts',
    '^nestjs-oxd/passport$': '<rootDir>/lib/oidc/passport.ts',
    '^nestjs-oxd/(sandbox|testing)$': '<rootDir>/lib/$1/$1.ts',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: false,
          },
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  setupFilesAfterEnv: ['<rootDir>/test/support/secrets.hook.ts'],
  // The command runs in child processes. The Redis store has its own suite, which needs a Redis server.
  collectCoverageFrom: ['lib/**/*.ts', '!lib/index.ts', '!lib/cli/**', '!lib/redis/**'],
  testTimeout: 20000,
  // Jest's default leaves one core idle: on two cores the suite takes twice as long.
  maxWorkers: '100%',
};

import { describeLeaks } from './secrets.js';

// Called by secrets.environment.js when the file has run, its last hook included.
Object.assign(globalThis, { describeLeaks });

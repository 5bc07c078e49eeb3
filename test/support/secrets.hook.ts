import { ConsoleLogger, Logger } from '@nestjs/common';
import { describeLeaks } from './secrets.js';

// Called by secrets.environment.js when the file has run, its last hook included.
Object.assign(globalThis, { describeLeaks });

// The previous file may have replaced the logger, for example by a silent one.
Logger.overrideLogger(new ConsoleLogger());

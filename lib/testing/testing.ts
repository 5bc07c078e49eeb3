export { FrameServer } from './frame-server.js';
export { OxdServer } from './oxd-server.js';
export { ScriptedTransport } from './scripted-transport.js';
export type { FrameAnswer, FrameDelivery, FrameHandler } from './frame-answer.js';
export type { FrameServerOptions } from './frame-server.js';
export type { OxdServerFault, OxdServerOptions } from './oxd-server.js';
export type { ScriptedCall, ScriptedReplies, ScriptedReply } from './scripted-transport.js';

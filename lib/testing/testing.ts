export { FrameServer } from './frames/frame-server.js';
export { OxdServer } from './oxd-server/oxd-server.js';
export { ScriptedTransport } from './scripted-transport.js';
export type { FrameAnswer, FrameDelivery, FrameHandler } from './frames/frame-answer.js';
export type { FrameServerOptions } from './frames/frame-server.js';
export type { OxdServerFault, OxdServerOptions } from './oxd-server/oxd-server.js';
export type { ScriptedCall, ScriptedReplies, ScriptedReply } from './scripted-transport.js';

import type { SandboxQuestion } from '../policy.js';

const MAX_ANSWER_LENGTH = 500;

/** Name of the form field of a question. */
export function fieldOf({ name }: SandboxQuestion): string {
  return `answer.${name}`;
}

/** Answers in a form; undefined unless every question has a valid answer. */
export function readAnswers(
  questions: readonly SandboxQuestion[],
  form: URLSearchParams,
): Readonly<Record<string, string>> | undefined {
  const answers = questions.map((question) => [question.name, answerTo(question, form)] as const);
  return answers.every(([, answer]) => answer !== undefined)
    ? (Object.fromEntries(answers) as Record<string, string>)
    : undefined;
}

function answerTo(question: SandboxQuestion, form: URLSearchParams): string | undefined {
  const answer = form.get(fieldOf(question))?.trim();
  if (!answer || answer.length > MAX_ANSWER_LENGTH) return undefined;
  const { options } = question;
  return !options || options.includes(answer) ? answer : undefined;
}

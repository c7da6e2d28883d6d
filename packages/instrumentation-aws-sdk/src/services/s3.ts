import { known } from '../sdk.ts';
import type { Service } from '../service.ts';

/** Source: https://opentelemetry.io/docs/specs/semconv/object-stores/s3/ */
export const s3: Service = {
  request: (input) =>
    known({
      'aws.s3.bucket': input.Bucket,
      'aws.s3.key': input.Key,
      'aws.s3.copy_source': input.CopySource,
      'aws.s3.part_number': input.PartNumber,
      'aws.s3.upload_id': input.UploadId,
    }),
};

# The HTTP service. Build: docker build -t patchnn .   Run: docker run -p 8760:8760 -e PATCHNN_TOKEN patchnn
FROM python:3.12-slim
WORKDIR /source
COPY . .
RUN pip install --no-cache-dir ".[studio]" && useradd --create-home patchnn
USER patchnn
WORKDIR /home/patchnn
EXPOSE 8760
HEALTHCHECK CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8760/health', timeout=5)"]
CMD ["patchnn", "serve", "--host", "0.0.0.0"]
